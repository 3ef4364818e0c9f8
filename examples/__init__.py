"""Things to read and to run, from the root of the checkout: `quickstart.py`, and `shop`, the domain of the demo."""
