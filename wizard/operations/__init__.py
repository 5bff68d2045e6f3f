"""The verbs. Each works on a profile and the Protocols of `systems`; none knows an SDK."""
