package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (completionCmd) Help() string {
	return `Examples:

  source <(sensor completion bash)
  sensor completion zsh > "${fpath[1]}/_sensor"
  sensor completion fish > ~/.config/fish/completions/sensor.fish`
}

func (c completionCmd) Run(std *streams, parser *kong.Kong) error {
	switch c.Shell {
	case "fish":
		return fish(std.out, parser.Model)
	case "zsh":
		if _, err := fmt.Fprint(std.out, "#compdef sensor\nautoload -U +X bashcompinit && bashcompinit\n"); err != nil {
			return err
		}
	}
	return bash(std.out, parser.Model)
}

func bash(w io.Writer, app *kong.Application) error {
	var names []string
	var cases strings.Builder
	for _, cmd := range app.Leaves(true) {
		names = append(names, cmd.Name)
		fmt.Fprintf(&cases, "    %s) words=%q ;;\n", cmd.Name, strings.Join(words(cmd), " "))
	}
	_, err := fmt.Fprintf(w, `_sensor() {
  local cur=${COMP_WORDS[COMP_CWORD]} words
  case ${COMP_WORDS[1]} in
%s    *) words=%q ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words=%q; fi
  case $cur in
    -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
    *) if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); else COMPREPLY=($(compgen -W "$words" -- "$cur") $(compgen -f -- "$cur")); fi ;;
  esac
}
complete -o filenames -F _sensor sensor
`, cases.String(), strings.Join(names, " "), strings.Join(names, " "))
	return err
}

// words are what may follow a subcommand, file names aside.
func words(cmd *kong.Node) []string {
	var out []string
	for _, f := range flags(cmd) {
		out = append(out, "--"+f.Name)
	}
	for _, p := range cmd.Positional {
		if p.Enum != "" {
			out = append(out, strings.Split(p.Enum, ",")...)
		}
	}
	return out
}

// flags are those of a subcommand and those that every one has.
func flags(cmd *kong.Node) []*kong.Flag { return slices.Concat(cmd.AllFlags(true)...) }

func fish(w io.Writer, app *kong.Application) error {
	var b strings.Builder
	for _, cmd := range app.Leaves(true) {
		fmt.Fprintf(&b, "complete -c sensor -n __fish_use_subcommand -a %s -d %s\n", cmd.Name, quote(cmd.Help))
		for _, f := range flags(cmd) {
			fmt.Fprintf(&b, "complete -c sensor -n '__fish_seen_subcommand_from %s' -l %s -d %s\n", cmd.Name, f.Name, quote(f.Help))
		}
		for _, p := range cmd.Positional {
			if p.Enum != "" {
				fmt.Fprintf(&b, "complete -c sensor -n '__fish_seen_subcommand_from %s' -f -a %s\n", cmd.Name, quote(strings.ReplaceAll(p.Enum, ",", " ")))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }
