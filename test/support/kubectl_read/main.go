// Reads files as `kubectl apply -f` does, and directories as `kubectl apply -k` does, with kubectl's own code and without
// a server: the reference for what a file of manifests, or a kustomization, says.
//
//	kubectl_read [PATH ...]      without arguments: the paths, one a line of standard input
//
// Prints a line of JSON for each path, in their order:
//
//	{"path": "web.yaml", "documents": [{"apiVersion": "v1", ...}], "error": "..."}
//
// The documents are the objects as kubectl sends them, in the order of the file; the items of a List are objects of
// their own. With an error (absent: none) they are those that kubectl would still apply.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"
)

type reading struct {
	Path      string            `json:"path"`
	Documents []json.RawMessage `json:"documents"`
	Error     string            `json:"error,omitempty"`
}

func named(path string) *resource.FilenameOptions {
	if found, err := os.Stat(path); err == nil && found.IsDir() {
		return &resource.FilenameOptions{Kustomize: path}
	}
	return &resource.FilenameOptions{Filenames: []string{path}}
}

func read(path string) reading {
	made := reading{Path: path, Documents: []json.RawMessage{}}
	infos, err := resource.NewLocalBuilder().
		Unstructured().
		ContinueOnError().
		FilenameParam(false, named(path)).
		Flatten().
		Do().
		Infos()
	for _, info := range infos {
		sent, failure := runtime.Encode(unstructured.UnstructuredJSONScheme, info.Object)
		if failure != nil {
			made.Error = failure.Error()
			return made
		}
		made.Documents = append(made.Documents, bytes.TrimSpace(sent))
	}
	if err != nil {
		made.Error = err.Error()
	}
	return made
}

func main() {
	lines := bufio.NewWriter(os.Stdout)
	defer lines.Flush()
	print := func(path string) {
		line := json.NewEncoder(lines)
		line.SetEscapeHTML(false)
		if err := line.Encode(read(path)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	for _, path := range os.Args[1:] {
		print(path)
	}
	if len(os.Args) > 1 {
		return
	}
	for names := bufio.NewScanner(os.Stdin); names.Scan(); {
		print(names.Text())
	}
}
