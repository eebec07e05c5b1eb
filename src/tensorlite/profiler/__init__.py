"""Where the time goes: `profile`, `record_function`, `schedule`, as in `torch.profiler`."""

from .profiling import ProfilerAction, ProfilerActivity, profile, record_function, schedule, tensorboard_trace_handler

__all__ = [
    "ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule", "tensorboard_trace_handler",
]
