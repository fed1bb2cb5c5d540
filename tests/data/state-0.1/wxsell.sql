BEGIN TRANSACTION;
CREATE TABLE forced (shop TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE image (
        shop TEXT NOT NULL, hash TEXT NOT NULL, url TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (shop, hash)) WITHOUT ROWID;
INSERT INTO "image" VALUES('sandbox:wx5a4dbcc0ffee0001','url:https://img.example.com/T01.jpg','https://mmecimage.cn/p/wx5a4dbcc0ffee0001/546575064533e63746db6633d04ce6f5',1795886059);
INSERT INTO "image" VALUES('sandbox:wx5a4dbcc0ffee0001','url:https://img.example.com/T02.jpg','https://mmecimage.cn/p/wx5a4dbcc0ffee0001/3458b6675c15000c2fab94cf901e0472',1795886059);
INSERT INTO "image" VALUES('sandbox:wx5a4dbcc0ffee0001','url:https://img.example.com/T03.jpg','https://mmecimage.cn/p/wx5a4dbcc0ffee0001/1bf30a5392c511b612d1cafd4056807d',1795886059);
INSERT INTO "image" VALUES('sandbox:wx5a4dbcc0ffee0001','url:https://img.example.com/T04.jpg','https://mmecimage.cn/p/wx5a4dbcc0ffee0001/b5e47a396be13926cbdda36ff45f078e',1795886059);
INSERT INTO "image" VALUES('sandbox:wx5a4dbcc0ffee0001','url:https://img.example.com/T05.jpg','https://mmecimage.cn/p/wx5a4dbcc0ffee0001/7b9b7c259a61f9b897d3d6e8bb31b1aa',1795886059);
INSERT INTO "image" VALUES('sandbox:wx5a4dbcc0ffee0001','url:https://img.example.com/T06.jpg','https://mmecimage.cn/p/wx5a4dbcc0ffee0001/390bc9af059e33fcacf65d4694470f1a',1795886059);
CREATE TABLE item (
        shop TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, run INTEGER NOT NULL, place TEXT NOT NULL,
        fingerprint BLOB NOT NULL, state TEXT NOT NULL, action TEXT, errcode INTEGER, reason TEXT,
        PRIMARY KEY (shop, kind, key)) WITHOUT ROWID;
INSERT INTO "item" VALUES('sandbox:wx5a4dbcc0ffee0001','goods','T01',1,'goods.csv:2',X'9D572F54B3E0B9D4B06309D2C3A3C4D000000000000000000000000000000000','done','added',NULL,NULL);
INSERT INTO "item" VALUES('sandbox:wx5a4dbcc0ffee0001','goods','T02',1,'goods.csv:3',X'0A8130F004DF6A0F63EB4FC394D53B2A00000000000000000000000000000000','done','added',NULL,NULL);
INSERT INTO "item" VALUES('sandbox:wx5a4dbcc0ffee0001','goods','T03',2,'goods.csv:4',X'0C04BB1B6CA7FD98149943CEEF83387A00000000000000000000000000000000','sent',NULL,NULL,NULL);
INSERT INTO "item" VALUES('sandbox:wx5a4dbcc0ffee0001','goods','T04',2,'goods.csv:5',X'FE6CA25A9240443C19D95EDF96F189EF00000000000000000000000000000000','sent',NULL,NULL,NULL);
INSERT INTO "item" VALUES('sandbox:wx5a4dbcc0ffee0001','goods','T05',2,'goods.csv:6',X'651800D654A037F6F705BE084AED979200000000000000000000000000000000','sent',NULL,NULL,NULL);
INSERT INTO "item" VALUES('sandbox:wx5a4dbcc0ffee0001','goods','T06',2,'goods.csv:7',X'7EACEA75E6668E3BC005A01BE2A3DF1700000000000000000000000000000000','sent',NULL,NULL,NULL);
CREATE TABLE money (
        id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
        mark TEXT NOT NULL, fen INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL,
        number TEXT NOT NULL DEFAULT '', ticket TEXT NOT NULL DEFAULT '');
INSERT INTO "money" VALUES(1,'sandbox:wx5a4dbcc0ffee0001','withdrawal','','#c3dea61b',5000,1795886064,'done','WD20261129000001','TICKET9677080001f6c0fba4');
INSERT INTO "money" VALUES(2,'sandbox:wx5a4dbcc0ffee0001','withdrawal','','#166c3dd1',10000,1795886066,'asked','','');
CREATE TABLE open_case (
        shop TEXT NOT NULL, number TEXT NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL,
        changed_at INTEGER NOT NULL, order_number TEXT NOT NULL, fen INTEGER NOT NULL, read_at INTEGER NOT NULL,
        PRIMARY KEY (shop, number)) WITHOUT ROWID;
CREATE TABLE push (
        id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, key TEXT NOT NULL, event TEXT NOT NULL,
        family TEXT NOT NULL, object TEXT NOT NULL, number TEXT NOT NULL, state TEXT, lane TEXT,
        created_at INTEGER, received_at INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 1, seen_at INTEGER NOT NULL,
        origin TEXT NOT NULL, mode TEXT NOT NULL, format TEXT NOT NULL, message TEXT NOT NULL, fields TEXT NOT NULL,
        forward TEXT NOT NULL, delivered INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER NOT NULL, forwarded_at INTEGER, error TEXT, UNIQUE (shop, key));
INSERT INTO "push" VALUES(1,'sandbox:wx5a4dbcc0ffee0001','aftersale_new_order|900001||1795886072','aftersale_new_order','component','aftersale','900001',NULL,'aftersale|900001',1795886072,1795886072178,1,1795886072178,'pushed','safe','json','{"ToUserName":"gh_0123456789ab","FromUserName":"oExampleOpenid0000000000001","CreateTime":1795886072,"MsgType":"event","Event":"aftersale_new_order","aftersale_info":{"aftersale_id":900001}}','{"aftersale_id":"900001"}','none',0,0,1795886072178,NULL,NULL);
INSERT INTO "push" VALUES(2,'wx1111111111111111','aftersale_new_order|900002||1795886074','aftersale_new_order','component','aftersale','900002',NULL,'aftersale|900002',1795886074,1795886074648,1,1795886074648,'pushed','safe','json','{"ToUserName":"gh_0123456789ab","FromUserName":"oExampleOpenid0000000000001","CreateTime":1795886074,"MsgType":"event","Event":"aftersale_new_order","aftersale_info":{"aftersale_id":900002}}','{"aftersale_id":"900002"}','none',0,0,1795886074648,NULL,NULL);
CREATE TABLE push_mark (
        shop TEXT NOT NULL, mark BLOB NOT NULL, push INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (shop, mark)) WITHOUT ROWID;
INSERT INTO "push_mark" VALUES('sandbox:wx5a4dbcc0ffee0001',X'EC5FC3C12C8E3D204EE23DBCFE75449F9B81B0ED',1,1795886072178);
INSERT INTO "push_mark" VALUES('wx1111111111111111',X'8A09751B47564475EDCB7B494D572880B5079F4D',2,1795886074648);
CREATE TABLE push_number (
        shop TEXT NOT NULL, object TEXT NOT NULL, number TEXT NOT NULL, push INTEGER NOT NULL,
        PRIMARY KEY (shop, object, number, push)) WITHOUT ROWID;
INSERT INTO "push_number" VALUES('sandbox:wx5a4dbcc0ffee0001','aftersale','900001',1);
INSERT INTO "push_number" VALUES('wx1111111111111111','aftersale','900002',2);
CREATE TABLE push_refused (
        day TEXT NOT NULL, shop TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, last_at INTEGER NOT NULL,
        PRIMARY KEY (day, shop, reason)) WITHOUT ROWID;
CREATE TABLE run (
        id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, command TEXT NOT NULL, files TEXT NOT NULL,
        options TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, state TEXT NOT NULL, summary TEXT);
INSERT INTO "run" VALUES(1,'sandbox:wx5a4dbcc0ffee0001','goods upload','["goods.csv"]','{"folder":"@WORK@","arguments":["goods","upload","goods.csv"]}',1795886059,1795886059,'stopped','{"run":1,"profile":"sandbox","status":"stopped","products":6,"added":2,"confirmed":0,"updated":0,"updated_free":0,"unchanged":0,"refused":0,"unclear":0,"left":4,"skipped_problems":0,"images_uploaded":6,"seconds":0.298053245,"failed_files":[],"failed":[]}');
INSERT INTO "run" VALUES(2,'sandbox:wx5a4dbcc0ffee0001','goods upload','["goods.csv"]','{"folder":"@WORK@","arguments":["goods","upload","goods.csv","--jobs","1"]}',1795886060,NULL,'open',NULL);
CREATE TABLE slot (shop TEXT NOT NULL, at INTEGER NOT NULL, key TEXT NOT NULL);
INSERT INTO "slot" VALUES('sandbox:wx5a4dbcc0ffee0001',1795886059,'T01');
INSERT INTO "slot" VALUES('sandbox:wx5a4dbcc0ffee0001',1795886059,'T02');
CREATE TABLE token (
        shop TEXT NOT NULL, kind TEXT NOT NULL, token TEXT NOT NULL,
        fetched_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        PRIMARY KEY (shop, kind)) WITHOUT ROWID;
INSERT INTO "token" VALUES('sandbox:wx5a4dbcc0ffee0001','stable','85_H0FxuFbkhMmEly8gR2r9HxgZSL9J0jBCfYs7vkSMatvk6zczB0fLcSAhs061Uv1eCecVa3nGIAfpxHiyB42x6f90wB6siGgS',1795886066,1795893266);
CREATE INDEX slot_by_time ON slot (shop, at);
CREATE INDEX push_by_time ON push (received_at);
CREATE INDEX push_due ON push (next_at, id) WHERE forward = 'pending';
CREATE INDEX push_in_line ON push (shop, lane, id) WHERE forward = 'pending';
CREATE INDEX money_open ON money (shop, kind) WHERE state IN ('asked', 'known');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('run',2);
INSERT INTO "sqlite_sequence" VALUES('money',2);
INSERT INTO "sqlite_sequence" VALUES('push',2);
COMMIT;
PRAGMA user_version = 5;
