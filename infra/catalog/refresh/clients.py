"""The only place that reaches a cloud: clients from the credentials that a person already has, and errors in words."""

# the clouds' libraries carry no types, and this file is their edge
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from infra.catalog.errors import CatalogError
from infra.catalog.refresh.aws import PRICING_REGION
from infra.catalog.refresh.gcp import COMPUTE_ENGINE

_READ_ONLY = ["https://www.googleapis.com/auth/cloud-platform.read-only"]


class RefreshError(CatalogError):
    """A cloud could not be asked; nothing was changed."""


def aws_pricing() -> Any:
    import boto3

    return boto3.client("pricing", region_name=PRICING_REGION)


@cache
def aws_ec2(region: str) -> Any:
    import boto3

    return boto3.client("ec2", region_name=region)


def gcp_skus() -> Iterator[Any]:
    """All SKUs of Compute Engine, about thirty thousand; needs credentials, but no project and no right."""
    from google.cloud.billing_v1 import CloudCatalogClient

    yield from CloudCatalogClient().list_skus(parent=COMPUTE_ENGINE)


def gcp_compute() -> tuple[Any, str]:
    """A session for Compute Engine's REST door, so that no further client library is needed, and the project to ask."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    credentials, project = google.auth.default(scopes=_READ_ONLY)
    if not project:
        raise RefreshError("Google Cloud credentials name no project", hint="set GOOGLE_CLOUD_PROJECT")
    return AuthorizedSession(credentials), project


@contextmanager
def explained(provider: str) -> Generator[None]:
    """Turns what the provider's library raises into a RefreshError that says what to do."""
    if provider == "aws":
        from botocore.exceptions import BotoCoreError, ClientError

        failures: tuple[type[Exception], ...] = (BotoCoreError, ClientError)
        hint = "sign in with `aws sso login` or set AWS_PROFILE; it needs pricing:GetProducts and ec2:Describe*"
    else:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from requests.exceptions import RequestException

        failures = (GoogleAPIError, GoogleAuthError, RequestException)
        hint = "sign in with `gcloud auth application-default login`; it needs compute.machineTypes.list"
    try:
        yield
    except failures as error:
        raise RefreshError(
            f"{provider} could not be asked for prices: {str(error).splitlines()[0]}", hint=hint
        ) from None
