// Command sdkgen reads a package schema on stdin and writes the Node.js SDK to a folder.
// It stands in for `pulumi package gen-sdk`, which needs the vendor's Node.js language host.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// noLoader satisfies the binder, which insists on a loader. A bridged provider's schema refers to no other
// package, so none of its methods is ever called.
type noLoader struct{ schema.ReferenceLoader }

func run(out string) error {
	var spec schema.PackageSpec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	pkg, err := schema.ImportSpec(spec, nil, noLoader{}, schema.ValidationOptions{})
	if err != nil {
		return fmt.Errorf("importing the schema: %w", err)
	}
	// true: a local SDK, which carries its parameterisation in package.json.
	files, err := nodejs.GeneratePackage("vxlab", pkg, nil, nil, true, noLoader{})
	if err != nil {
		return fmt.Errorf("generating: %w", err)
	}
	for name, text := range files {
		path := filepath.Join(out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sdkgen FOLDER < schema.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sdkgen:", err)
		os.Exit(1)
	}
}
