"""Statistics: functions of the collected tables."""
