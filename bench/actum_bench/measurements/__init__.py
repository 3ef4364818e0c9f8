"""What is measured: functions of keyword parameters, each called in a process of its own."""
