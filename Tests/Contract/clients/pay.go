// Takes a payment with the client that openapi-generator generated. Usage: pay SOCKET
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	readerd "readerd.example/client"
)

func must(holds bool, what ...interface{}) {
	if !holds {
		fmt.Fprintln(os.Stderr, what...)
		os.Exit(1)
	}
}

func main() {
	settings := readerd.NewConfiguration()
	settings.HTTPClient = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", os.Args[1])
		},
	}}
	client := readerd.NewAPIClient(settings)
	ctx := context.Background()

	status, _, err := client.AgentAPI.GetStatus(ctx).Execute()
	must(err == nil && status.GetCanTakePayments(), "status", status, err)

	body := readerd.NewPaymentBody("generated-go", "12.00")
	body.SetLane("till-1")
	payment, answer, err := client.PaymentsAPI.CreatePayment(ctx, "generated-go-1").PaymentBody(*body).Wait(60).Execute()
	must(err == nil && answer.StatusCode == 201, "payment", err)
	must(string(payment.GetState()) == "succeeded" && string(payment.GetMoney()) == "taken" && payment.GetOrder() != "", "payment", payment)
	again, _, err := client.PaymentsAPI.GetPayment(ctx, "generated-go-1").Execute()
	must(err == nil && again.GetOrder() == payment.GetOrder(), "again", again, err)

	_, answer, err = client.PaymentsAPI.CreatePayment(ctx, "generated-go-2").PaymentBody(*readerd.NewPaymentBody("generated-go", "0")).Execute()
	must(err != nil && answer.StatusCode == 422, "refusal", err)
	refused, isTold := err.(*readerd.GenericOpenAPIError)
	must(isTold, "refusal", err)
	problem, isProblem := refused.Model().(readerd.Problem)
	must(isProblem && problem.GetCode() == "invalid_request", "problem", string(refused.Body()))
	fmt.Printf("paid, order %s\n", payment.GetOrder())
}
