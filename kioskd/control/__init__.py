"""Commands: what an operator may have a running kiosk do, over MQTT and on the machine itself."""
