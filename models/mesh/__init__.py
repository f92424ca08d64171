"""The face mesh: MediaPipe's 478 points."""
