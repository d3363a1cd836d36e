package main

import (
	"context"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// Where nobody started the sensor as a service that notifies, these do nothing;
// where the message gets lost, systemd's timeout says so.

func notifyReady()    { systemd.SdNotify(false, systemd.SdNotifyReady) }
func notifyStopping() { systemd.SdNotify(false, systemd.SdNotifyStopping) }

// watchdog tells systemd that all is well, for as long as it is: a sensor that is
// stuck is started anew.
func watchdog(ctx context.Context, healthy func() bool) {
	interval, err := systemd.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		return
	}
	every := time.NewTicker(interval / 3)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			if healthy() {
				systemd.SdNotify(false, systemd.SdNotifyWatchdog)
			}
		}
	}
}
