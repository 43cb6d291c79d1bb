"""The one error hierarchy: every message names what was wrong and what to do about it."""


class SlipwayError(Exception):
    """A failure that a person can act on. The command line prints it without a traceback.

    message: what was wrong, with the setting, file or process named. hint: what to do next.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(SlipwayError):
    """A command was asked for what cannot be, or for two things at once; nothing was read or changed."""

    exit_code = 2


class SettingsError(SlipwayError):
    """A stack's configuration is wrong; nothing was started or changed."""

    exit_code = 2


class ToolchainError(SlipwayError):
    """A tool that Slipway runs is missing, too old or does not verify."""

    exit_code = 3


class EngineError(SlipwayError):
    """The Pulumi engine refused or failed; the platform is as the message says."""

    exit_code = 4


class ReleaseError(SlipwayError):
    """A release is missing, incomplete, altered or of a schema this version does not read."""

    exit_code = 5


class TrainingError(SlipwayError):
    """Training cannot start, go on or be exported."""

    exit_code = 6
