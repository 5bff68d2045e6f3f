"""What the user wants: the model, its rules, and the file it lives in."""
