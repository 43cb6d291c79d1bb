module slipway.dev/tools/cluster/crds

go 1.26.0

// Read for the CustomResourceDefinitions that they hold; nothing of them is compiled.
require (
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.6.3
)
