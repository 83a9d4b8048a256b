"""Takes a payment with the client that openapi-python-client generated. Usage: pay.py SOCKET"""

import sys

import httpx
from readerd_client import Client
from readerd_client.api.agent import get_status
from readerd_client.api.payments import create_payment, get_payment
from readerd_client.models import PaymentBody, Problem

client = Client("http://localhost", httpx_args={"transport": httpx.HTTPTransport(uds=sys.argv[1])}, timeout=httpx.Timeout(60))
status = get_status.sync(client=client)
assert status.can_take_payments, status

body = PaymentBody(cart="generated-python", amount="12.00", lane="till-1")
payment = create_payment.sync("generated-python-1", client=client, body=body, wait=60)
assert payment.state == "succeeded" and payment.money == "taken" and payment.order, payment
again = get_payment.sync("generated-python-1", client=client)
assert again.order == payment.order, again

refused = create_payment.sync("generated-python-2", client=client, body=PaymentBody(cart="generated-python", amount="0"))
assert isinstance(refused, Problem) and refused.code == "invalid_request" and refused.errors, refused
missing = get_payment.sync("nobody", client=client)
assert isinstance(missing, Problem) and missing.code == "payment_not_found", missing
print(f"paid, order {payment.order}")
