"""What the public documentation promises, typed by hand. Nothing here may be imported from the code under test."""
