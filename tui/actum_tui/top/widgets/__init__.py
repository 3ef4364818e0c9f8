"""What several screens of the dashboard are made of."""
