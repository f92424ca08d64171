"""What a mosquitto broker needs for kiosks and their doors: certificates, users, rights."""
