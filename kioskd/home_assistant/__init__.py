"""Home Assistant: the kiosk told as a device there, by MQTT discovery."""
