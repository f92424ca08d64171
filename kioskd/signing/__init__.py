"""What others can prove by themselves to come from this kiosk."""
