// A Kubernetes API server and its client as one program, for tests: which of the two it is, the first word says.
package main

import (
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: kubernetes kube-apiserver|kubectl OPTION…")
		os.Exit(2)
	}
	which := os.Args[1]
	os.Args = os.Args[1:]
	switch which {
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kubectl":
		os.Exit(cli.Run(kubectl.NewDefaultKubectlCommand()))
	}
	fmt.Fprintln(os.Stderr, "neither kube-apiserver nor kubectl:", which)
	os.Exit(2)
}
