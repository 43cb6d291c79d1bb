//go:build tools

// Package pulumi pins the Pulumi engine, for machines that can reach a Go module proxy but not Pulumi's downloads.
package pulumi

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
