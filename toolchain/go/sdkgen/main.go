// Command sdkgen reads a package schema on stdin and writes an SDK for it to a folder.
// It stands in for `pulumi package gen-sdk`, which needs the vendor's language hosts.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// noLoader satisfies the binder, which insists on a loader. Neither a bridged provider's schema nor ours refers to
// another package, so none of its methods is ever called.
type noLoader struct{ schema.ReferenceLoader }

func generate(language string, pkg *schema.Package) (map[string][]byte, error) {
	switch language {
	case "nodejs":
		// true: a local SDK, which carries its parameterisation in package.json.
		return nodejs.GeneratePackage("vxlab", pkg, nil, nil, true, noLoader{})
	case "python":
		return python.GeneratePackage("vxlab", pkg, nil, noLoader{})
	case "go":
		return golang.GeneratePackage("vxlab", pkg, nil)
	}
	return nil, fmt.Errorf("no generator for %q", language)
}

func run(language, out string) error {
	var spec schema.PackageSpec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		return fmt.Errorf("reading the schema: %w", err)
	}
	pkg, err := schema.ImportSpec(spec, nil, noLoader{}, schema.ValidationOptions{})
	if err != nil {
		return fmt.Errorf("importing the schema: %w", err)
	}
	files, err := generate(language, pkg)
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
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sdkgen nodejs|python|go FOLDER < schema.json")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "sdkgen:", err)
		os.Exit(1)
	}
}
