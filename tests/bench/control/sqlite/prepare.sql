CREATE VIRTUAL TABLE control_search USING fts5(words, content = '');
INSERT INTO control_search (rowid, words) SELECT rowid, search_text FROM challenge WHERE is_public = 1;
