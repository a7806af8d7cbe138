"""Amazon Bedrock: Titan Text Embeddings V2 and Titan Multimodal Embeddings G1, through boto3.

boto3 is Apache-2.0. One input a request; several requests are under way at a time. Limits, as the
user guide says: V2 takes 8,192 tokens or 50,000 characters, G1 256 tokens and one image.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from cospace.encode.hosted.base import Answer, Facts, Hosted, Sent
from cospace.encode.hosted.calls import HalfAnswer, Trouble, seconds
from cospace.item import Image
from cospace.limits import limit
from cospace.need import need
from cospace.read.images import decode

__all__ = ["Bedrock"]

_TEXT = "amazon.titan-embed-text-v2:0"
_BOTH = "amazon.titan-embed-image-v1"

# Images are sent as JPEG of this quality, their longer side at most this many pixels.
_SIDE, _QUALITY = 1_024, 95

# "Too many input tokens. Max input tokens: 8192, request input token count: 9875"
_LONG = re.compile(r"too many input tokens|max input tokens|expected maxLength", re.IGNORECASE)
_COUNTS = re.compile(r"max input tokens:\s*(\d+)\D+?count:\s*(\d+)", re.IGNORECASE)

# What boto3's chain of credentials raises, and what the service answers to a wrong key.
_NO_KEY = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError")
_KEY = (
    "AccessDeniedException", "ExpiredTokenException", "InvalidClientTokenId",
    "InvalidSignatureException", "SignatureDoesNotMatch", "UnrecognizedClientException",
)  # fmt: skip


class Bedrock(Hosted):
    """A Titan embedding model on Amazon Bedrock.

    Credentials and region come from the AWS chain: AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION
    and so on. A text and an image of one input go in together, where the model takes both.
    """

    SERVICE = "bedrock"
    MODULE = "boto3"
    EXTRA = "bedrock"
    # Of the AWS chain; what lies in its files and behind its addresses is not looked for.
    KEYS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK")
    WORKERS = 8
    MODELS: ClassVar = {
        _TEXT: Facts((1024, 512, 256), tokens=8_192, chars=50_000),
        _BOTH: Facts(
            (1024, 384, 256),
            tokens=256,
            kinds=("text", "image"),
            preprocess={"max_side": _SIDE, "jpeg_quality": _QUALITY},
        ),
    }

    def _endpoint(self) -> str:
        names = ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL")
        return next((url for name in names if (url := os.environ.get(name))), "").rstrip("/")

    def _make_client(self) -> Any:
        sdk = need("boto3", extra="bedrock")
        config = need("botocore.config", extra="bedrock").Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=min(10.0, limit("service_ms") / 1000),
            read_timeout=limit("service_ms") / 1000,
            max_pool_connections=self.WORKERS,
            # What the space says of the endpoint must be all there is to say.
            ignore_configured_endpoint_urls=True,
        )
        # A session of its own: boto3's default one keeps the first credentials that it found.
        return sdk.session.Session().client(
            "bedrock-runtime",
            region_name=os.environ.get("AWS_REGION") or None,  # boto3 reads AWS_DEFAULT_REGION
            endpoint_url=self.endpoint or None,
            config=config,
        )

    def ask(self, client: Any, inputs: Sequence[Sent], role: str) -> Answer:
        """One request."""
        del role  # these models know no roles
        [sent] = inputs
        body: dict[str, Any] = {}
        if sent.text is not None:
            body["inputText"] = sent.text
        if self.model == _BOTH:
            body["embeddingConfig"] = {"outputEmbeddingLength": self.dim}
            if sent.image is not None:
                body["inputImage"] = base64.b64encode(sent.image).decode()
        else:
            body |= {"dimensions": self.dim, "normalize": True}
        given = client.invoke_model(
            modelId=self.model,
            body=json.dumps(body),
            contentType="application/json",
            accept="application/json",
        )
        try:
            found = json.loads(given["body"].read())
            row, tokens = found["embedding"], found.get("inputTextTokenCount")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise HalfAnswer(f"its answer cannot be read ({type(error).__name__})") from None
        return Answer([row], tokens if isinstance(tokens, int) else None)

    def why(self, error: Exception) -> Trouble | None:
        """What an error of the SDK means; None for one that is not the SDK's."""
        sdk = need("botocore.exceptions", extra="bedrock")
        kind = type(error).__name__
        if isinstance(error, sdk.ClientError):
            return _of_code(error)
        if kind in _NO_KEY:
            return Trouble("key", f"no AWS credentials were found ({kind}); set AWS_ACCESS_KEY_ID")
        if isinstance(error, sdk.NoRegionError):
            return Trouble("other", "no AWS region is set; set AWS_REGION")
        if isinstance(error, (sdk.ConnectTimeoutError, sdk.ReadTimeoutError)):
            return Trouble("down", f"no answer within {limit('service_ms') / 1000:g} s")
        if isinstance(error, (sdk.ConnectionError, sdk.HTTPClientError)):
            return Trouble("down", f"{self.place} cannot be reached ({kind})")
        # boto3 raises a bare ValueError for an address or a region that can be none.
        if isinstance(error, (sdk.BotoCoreError, ValueError)):
            return Trouble("other", f"{kind}: {error}")
        return None

    def _image(self, image: Image, name: str, data: bytes | None) -> bytes:
        """The image upright and in RGB, as JPEG."""
        decoded = decode(image, name, data=data)
        decoded.thumbnail((_SIDE, _SIDE))
        file = io.BytesIO()
        decoded.save(file, "JPEG", quality=_QUALITY)
        return file.getvalue()


def _of_code(error: Any) -> Trouble:
    answer = error.response
    code = answer.get("Error", {}).get("Code", "")
    reason = answer.get("Error", {}).get("Message", "") or code
    meta = answer.get("ResponseMetadata", {})
    status = meta.get("HTTPStatusCode", 0)
    wait = seconds(meta.get("HTTPHeaders", {}).get("retry-after"))
    if code == "ServiceQuotaExceededException":
        return Trouble("quota", "the account's quota is used up (ServiceQuotaExceededException)")
    if code in _KEY or status in (401, 403):
        return Trouble("key", f"the credentials are refused ({code}); check them, and the access"
                              " to this model in this region")  # fmt: skip
    if status == 429:
        return Trouble("busy", f"too many requests ({code})", wait)
    if status in (408, 424) or status >= 500:
        return Trouble("down", f"it answers {status} ({code})", wait)
    if status == 404:
        return Trouble("model", f"the model is not in this region ({reason})")
    if _LONG.search(reason):
        counts = _COUNTS.search(reason)
        ratio = int(counts[1]) / max(1, int(counts[2])) if counts else None
        return Trouble("long", reason, ratio=ratio)
    return Trouble("input", reason)
