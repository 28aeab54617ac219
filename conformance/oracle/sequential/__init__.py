"""The class of algorithms that add terms one after the other, from the terms themselves."""
