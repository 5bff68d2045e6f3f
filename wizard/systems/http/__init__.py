"""How every system is spoken to over HTTP: one policy, whatever client carries the calls.

- `policy`: timeouts, which calls are sent again, how long a limit is waited for, and the end of it.
- `throttling`: how long a server asks to wait, in all their dialects.
- `failures`: what an exception of a client says of a call that got no answer.
- `answers`: typed reading of what came back; whatever else it is becomes one error.
- `origins`: a credential, bound to the address that it may be sent to.

A system keeps its dialect: the words in which it says no, and its own client.
"""
