//go:build tools

// Package tools names the commands that this module exists to build. They are in one module because they share most of their
// packages, which then are compiled once.
package tools

import (
	_ "github.com/pulumi/pulumi-terraform-bridge/v3/dynamic"
	_ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
)
