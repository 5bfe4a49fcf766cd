CREATE TABLE control_search AS SELECT id, to_tsvector('simple', search_text) AS words FROM challenge WHERE is_public;
CREATE INDEX control_search_words ON control_search USING gin (words);
ANALYZE control_search;
