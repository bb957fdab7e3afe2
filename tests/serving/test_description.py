"""The service does what its OpenAPI document says, whatever is asked; schemathesis makes up the questions."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance, unsupported_method

from timeline.serving.openapi import document

NOT_DESCRIBED = [
    positive_data_acceptance,  # a schema cannot say which texts are EDTF dates, or which names are registered
    unsupported_method,
]

NAMES = {"org", "person", "product"}
"""Parameters that are lists of names. A text in place of a list is sent as a list of one, and it may name somebody."""

schema = schemathesis.openapi.from_dict(document(writes=False))


# Without a parameter of ours pytest gives all operations one id, of which a parallel run runs only the first.
@pytest.mark.parametrize("method", ["GET"])
@schema.parametrize()
@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
def test_nothing_that_can_be_asked_breaks_what_is_described(case, method, example_client):
    """No server error, no undescribed status, type or body, no accepted nonsense."""
    assert case.operation.method.upper() == method
    answer = case.call(base_url=str(example_client.base_url), timeout=30)
    if answer.status_code == 431:  # said before anybody looks at what was asked, so no resource describes it
        assert len(str(answer.request.url)) > 16_000
    else:
        is_named = answer.status_code == 200 and not NAMES.isdisjoint(case.query or ())
        more = [negative_data_rejection] if is_named else []
        case.validate_response(answer, excluded_checks=[*NOT_DESCRIBED, *more])


def test_the_document_is_one_of_openapi_31():
    import jsonschema

    assert document(writes=False)["openapi"] == "3.1.0"
    for name, found in document(writes=False)["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(found), name
