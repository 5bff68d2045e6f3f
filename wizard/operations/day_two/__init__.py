"""What is done to runners that are at work, besides `apply`: pausing and draining them."""
