"""The one name that a launcher and the processes it starts must share; apart, so that a launcher imports no torch."""

RENDEZVOUS_FOLDER = "SLIPWAY_RENDEZVOUS_FOLDER"
"""Where the processes of one machine meet. Without it they meet at torchrun's TCP store, as several machines must."""
