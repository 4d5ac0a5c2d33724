INSERT INTO t (a, format) VALUES (1, ";"), (2);
INSERT INTO t FORMAT CSV
1,2;

SELECT 1 FORMAT CSV
--> statement-breakpoint
INSERT INTO t SELECT a FROM input(1) FORMAT TSV x
y
