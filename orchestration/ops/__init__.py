"""When and where the night runs: the resource that carries it, the job, the schedule and the sensor."""
