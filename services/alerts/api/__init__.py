"""The HTTP doors of alerts, one file per resource.

They find what they need in ``app.state``: ``engine``, ``catalogue``, ``clock``, ``entropy`` (gives random bytes),
``wakeup`` (the sender's) and ``allow_loopback``; ``keys`` is there by ``shared.http.make_app``.
"""

from fastapi import APIRouter

from services.alerts.api import deliveries, milestones, processes, subscriptions

routers: list[APIRouter] = [milestones.router, processes.router, subscriptions.router, deliveries.router]
