"""Workers killed at random moments, databases that go away, disks that are full."""
