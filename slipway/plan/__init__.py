"""What `slipway plan` shows: the view of a plan, its table for people, its rows for spreadsheets, its page.

Where to run is infra/placement's answer; nothing here decides, and nothing here asks a cloud.
"""
