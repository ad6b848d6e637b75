"""What all tests share."""

from hypothesis import HealthCheck, settings

# How long drawing an example takes says something of the machine, nothing of our code.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named for their parameter: what is packed holds the time at which it was packed,
    and processes that run side by side must find the same tests."""
    return argname if isinstance(val, bytes) else None
