BEGIN TRANSACTION;
CREATE TABLE binding (
	user VARCHAR NOT NULL, 
	token VARCHAR(64) NOT NULL, 
	created_at FLOAT NOT NULL, 
	PRIMARY KEY (user), 
	UNIQUE (token)
);
CREATE TABLE delivery (
	id VARCHAR(20) NOT NULL, 
	report_id VARCHAR(20) NOT NULL, 
	lane VARCHAR NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	text TEXT, 
	image VARCHAR(64), 
	attempts INTEGER NOT NULL, 
	repeats INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	created_at FLOAT NOT NULL, 
	expires_at FLOAT NOT NULL, 
	finished_at FLOAT, 
	rank INTEGER DEFAULT '1' NOT NULL, 
	held_until FLOAT DEFAULT '0' NOT NULL, 
	fallback TEXT DEFAULT '' NOT NULL, 
	fallback_at FLOAT, tried_at FLOAT, fallback_image TEXT, fallback_unconfirmed INTEGER NOT NULL DEFAULT 0, 
	PRIMARY KEY (id), 
	FOREIGN KEY(report_id) REFERENCES report (id), 
	FOREIGN KEY(lane) REFERENCES lane (name)
);
INSERT INTO "delivery" VALUES('06gc8m3c03z0gx7zn08m','06gc8m3c03z0gx7zn08k','private:10001','delivered','送达了',NULL,1,0,'',1790000000.0,1821536000.0,1790000000.0,1,0.0,'',NULL,NULL,NULL,0);
INSERT INTO "delivery" VALUES('06gc8m3c03z0gx7zn08p','06gc8m3c03z0gx7zn08n','private:10001','waiting','旧的','80ab0ad17b1dcaaf5295735196061a7eb1300f34be7a867dd0e9b42ec02a0b3a',0,0,'',1790000000.0,1821536000.0,NULL,1,0.0,'',NULL,NULL,NULL,0);
INSERT INTO "delivery" VALUES('06gc8m3c03z0gx7zn08q','06gc8m3c03z0gx7zn08n','group:777','waiting','旧的','80ab0ad17b1dcaaf5295735196061a7eb1300f34be7a867dd0e9b42ec02a0b3a',0,0,'',1790000000.0,1821536000.0,NULL,1,0.0,'',NULL,NULL,NULL,0);
CREATE TABLE image (
	sha256 VARCHAR(64) NOT NULL, 
	bytes BLOB NOT NULL, 
	media_type VARCHAR NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	used_at FLOAT NOT NULL, size INTEGER NOT NULL DEFAULT 0, 
	PRIMARY KEY (sha256)
);
INSERT INTO "image" VALUES('80ab0ad17b1dcaaf5295735196061a7eb1300f34be7a867dd0e9b42ec02a0b3a',X'','image/png',8,4,1790000000.0,75);
CREATE TABLE lane (
	name VARCHAR NOT NULL, 
	target VARCHAR NOT NULL, 
	bot VARCHAR NOT NULL, 
	due_at FLOAT NOT NULL, 
	failures INTEGER NOT NULL, 
	blocked_reason TEXT NOT NULL, 
	blocked_at FLOAT NOT NULL, 
	owner VARCHAR, 
	epoch INTEGER NOT NULL, 
	lease_until FLOAT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "lane" VALUES('private:10001','private:10001','',0.0,0,'',0.0,NULL,1,1790000060.0);
INSERT INTO "lane" VALUES('group:777','group:777','',0.0,0,'机器人没有连接',1790000000.0,NULL,0,0.0);
CREATE TABLE link (
	digest VARCHAR(64) NOT NULL, 
	holder VARCHAR NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (digest)
);
CREATE TABLE meta (
	name VARCHAR(32) NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('version','7');
CREATE TABLE mute (
	target VARCHAR NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (target)
);
CREATE TABLE process (
	name VARCHAR NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	bots TEXT NOT NULL, 
	started_at FLOAT NOT NULL, 
	seen_at FLOAT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE report (
	id VARCHAR(20) NOT NULL, 
	"key" VARCHAR, 
	received_at FLOAT NOT NULL, 
	event TEXT NOT NULL, 
	heading TEXT NOT NULL, 
	fields TEXT NOT NULL, 
	image VARCHAR(64), 
	source VARCHAR DEFAULT '' NOT NULL, 
	note TEXT DEFAULT '' NOT NULL, text TEXT NOT NULL DEFAULT '', 
	PRIMARY KEY (id)
);
INSERT INTO "report" VALUES('06gc8m3c03z0gx7zn08k','first',1790000000.0,'domain.end','自动秘境结束','{"event":"domain.end","result":0,"content":"送达了"}',NULL,'master','','');
INSERT INTO "report" VALUES('06gc8m3c03z0gx7zn08n','second',1790000000.0,'domain.end','自动秘境结束','{"event":"domain.end","result":1,"content":"旧的"}','80ab0ad17b1dcaaf5295735196061a7eb1300f34be7a867dd0e9b42ec02a0b3a','master','','');
CREATE TABLE session (
	digest VARCHAR(64) NOT NULL, 
	holder VARCHAR NOT NULL, 
	agent TEXT NOT NULL, 
	created_at FLOAT NOT NULL, 
	seen_at FLOAT NOT NULL, 
	PRIMARY KEY (digest)
);
CREATE TABLE spent (
	source VARCHAR NOT NULL, 
	at FLOAT NOT NULL
);
CREATE TABLE term (
	office VARCHAR NOT NULL, 
	owner VARCHAR NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (office)
);
CREATE TABLE unread (
	source VARCHAR NOT NULL, 
	kept_at FLOAT NOT NULL, 
	body BLOB NOT NULL, 
	PRIMARY KEY (source)
);
CREATE TABLE watch (
	name VARCHAR NOT NULL, 
	since FLOAT NOT NULL, 
	due_at FLOAT, 
	overdue_at FLOAT, 
	PRIMARY KEY (name)
);
CREATE INDEX image_used_at ON image (used_at);
CREATE INDEX delivery_fallback ON delivery (fallback_at) WHERE fallback <> '';
CREATE INDEX delivery_queue ON delivery (lane, rank, id) WHERE state = 'waiting';
CREATE INDEX delivery_report ON delivery (report_id);
CREATE INDEX delivery_lane ON delivery (lane, report_id);
CREATE UNIQUE INDEX report_source_key ON report (source, "key") WHERE "key" IS NOT NULL;
CREATE INDEX report_bound ON report (source, id) WHERE substr(source, 1, 5) = 'bind:';
CREATE INDEX report_event ON report (event, source, id);
CREATE INDEX spent_source ON spent (source, at);
CREATE INDEX delivery_failure ON delivery (finished_at) WHERE state = 'rejected' OR state = 'expired' OR state = 'unconfirmed';
CREATE INDEX delivery_waiting_picture ON delivery (image) WHERE state = 'waiting' AND image IS NOT NULL;
COMMIT;
