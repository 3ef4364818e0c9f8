"""The dashboard: `actum top`."""
