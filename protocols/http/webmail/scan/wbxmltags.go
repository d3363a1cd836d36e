package scan

// tagNames are the tags that matter, by page and number (MS-ASWBXML, section
// 2.1.2.1). Others are told by page and number, as four digits.
var tagNames = map[uint16]string{
	// AirSync
	0x0005: "Sync", 0x0006: "Responses", 0x0007: "Add", 0x0008: "Change", 0x0009: "Delete", 0x000a: "Fetch", 0x000b: "SyncKey", 0x000d: "ServerId",
	0x000e: "Status", 0x000f: "Collection", 0x0010: "Class", 0x0012: "CollectionId", 0x0016: "Commands", 0x001c: "Collections", 0x001d: "ApplicationData",
	// Email; Body and MIMEData are those of protocol version 2.5
	0x020c: "EmailBody", 0x020e: "BodyTruncated", 0x0214: "Subject", 0x0236: "MIMEData", 0x0237: "MIMETruncated",
	// Search
	0x0f05: "Search", 0x0f07: "Store", 0x0f0c: "Status", 0x0f0d: "Response", 0x0f0e: "Result", 0x0f0f: "Properties", 0x0f18: "LongId",
	// AirSyncBase
	0x110a: "Body", 0x110b: "Data", 0x110c: "EstimatedDataSize", 0x110d: "Truncated", 0x1111: "FileReference", 0x111a: "BodyPart",
	// Settings
	0x1205: "Settings", 0x1208: "Set", 0x1209: "Oof", 0x120a: "OofState",
	// ItemOperations
	0x1405: "ItemOperations", 0x1406: "Fetch", 0x140b: "Properties", 0x140c: "Data", 0x140d: "Status", 0x140e: "Response", 0x1411: "Part",
	// ComposeMail
	0x1505: "SendMail", 0x1506: "SmartForward", 0x1507: "SmartReply", 0x1510: "MIME", 0x1512: "Status",
	// Find
	0x1905: "Find", 0x190a: "Status", 0x1911: "Response", 0x1912: "Result", 0x1913: "Properties",
}
