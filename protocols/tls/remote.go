package tls

import "strings"

// remoteServices are the domains that programs for remote control connect to, as
// their makers list them for firewalls.
var remoteServices = []struct{ domain, name string }{
	{"teamviewer.com", "teamviewer"}, {"teamviewer.cn", "teamviewer"},
	{"anydesk.com", "anydesk"}, {"anydesk.com.cn", "anydesk"},
	{"logmein.com", "logmein"}, {"logmein-gateway.com", "logmein"}, {"logmeinrescue.com", "logmein"}, {"logmeinrescue-enterprise.com", "logmein"},
	{"gotomypc.com", "gotomypc"}, {"gotoassist.com", "gotoassist"}, {"gotoassist.at", "gotoassist"}, {"gotoassist.me", "gotoassist"},
	{"fastsupport.com", "gotoassist"}, {"gotoresolve.com", "gotoresolve"},
	{"splashtop.com", "splashtop"}, {"splashtop.eu", "splashtop"},
	{"screenconnect.com", "screenconnect"}, {"hostedrmm.com", "connectwise"},
	{"remotedesktop.google.com", "chrome_remote_desktop"}, {"remotedesktop-pa.googleapis.com", "chrome_remote_desktop"},
	{"rustdesk.com", "rustdesk"},
	{"bomgar.com", "beyondtrust"}, {"bomgarcloud.com", "beyondtrust"}, {"beyondtrustcloud.com", "beyondtrust"},
	{"swi-rc.com", "dameware"}, {"swi-dre.com", "dameware"}, {"dameware.com", "dameware"},
	{"zohoassist.com", "zoho_assist"}, {"zohoassist.jp", "zoho_assist"}, {"assist.zoho.com", "zoho_assist"}, {"assist.zoho.eu", "zoho_assist"}, {"assist.zoho.in", "zoho_assist"},
	{"supremocontrol.com", "supremo"}, {"nanosystems.it", "supremo"},
	{"islonline.net", "isl"}, {"islonline.com", "isl"},
	{"parsec.app", "parsec"}, {"parsecgaming.com", "parsec"},
	{"remotepc.com", "remotepc"}, {"remoteutilities.com", "remote_utilities"}, {"dwservice.net", "dwservice"},
	{"getscreen.me", "getscreen"}, {"ultraviewer.net", "ultraviewer"}, {"aeroadmin.com", "aeroadmin"}, {"ammyy.com", "ammyy"},
}

// remoteService names the service that a host belongs to; "": none. The web sites
// of their makers are nobody's session.
func remoteService(host []byte) string {
	const dots = 2 // a.b.c: what is asked for is below the domain
	if strings.Count(string(host), ".") < dots {
		return ""
	}
	h := strings.ToLower(strings.TrimSuffix(string(host), "."))
	if strings.HasPrefix(h, "www.") {
		return ""
	}
	for _, s := range remoteServices {
		if rest, ok := strings.CutSuffix(h, s.domain); ok && (rest == "" || rest[len(rest)-1] == '.') {
			return s.name
		}
	}
	return ""
}
