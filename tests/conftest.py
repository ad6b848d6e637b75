"""What all tests share."""

from hypothesis import HealthCheck, settings

# How long drawing an example takes says something of the machine, nothing of our code.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")
