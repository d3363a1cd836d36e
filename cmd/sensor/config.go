package main

import (
	"fmt"

	"mailsensor/cmd/internal/config"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Say whether a sensor.yaml is good."`
	Show  configShowCmd  `cmd:"" help:"Print all settings, with those that are not given as they are shipped."`
}

type configCheckCmd struct {
	File string `arg:"" help:"The sensor.yaml."`
}

func (c *configCheckCmd) Run(std *streams) error {
	if _, err := config.Load(c.File); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s is good\n", c.File)
	return nil
}

type configShowCmd struct {
	Config string `placeholder:"FILE" env:"MAILSENSOR_CONFIG" help:"Settings, as in sensor.yaml; without it, those that are shipped."`
}

func (c *configShowCmd) Run(std *streams) error {
	conf := config.Default()
	if c.Config != "" {
		var err error
		if conf, err = config.Load(c.Config); err != nil {
			return err
		}
	}
	text, err := conf.Show()
	if err != nil {
		return err
	}
	_, err = std.out.Write(text)
	return err
}
