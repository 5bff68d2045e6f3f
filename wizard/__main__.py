"""`python -m wizard` is the same as `runner-wizard`."""

from wizard.cli import main

if __name__ == "__main__":
    main()
