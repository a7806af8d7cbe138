"""What all tests share: no deadlines on a shared machine, and the starter where it stands."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "cospace", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("cospace")
