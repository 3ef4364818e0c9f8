"""`actum top --serve`, and what the dashboard needs: what is wrong is told before anything is served."""

from __future__ import annotations



