CREATE FUNCTION public.timeline_erased() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT 1 FROM events AS gone JOIN events AS erasure USING (entry_id)
                WHERE gone.position = OLD.position AND erasure.kind = 'erasure' AND erasure.position > gone.position)
            THEN RAISE EXCEPTION 'a payload goes only after an erasure event of its entry'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END $$;
CREATE FUNCTION public.timeline_refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TABLE public.changes (
    organization bigint NOT NULL,
    latest bigint NOT NULL,
    earliest bigint NOT NULL,
    entry uuid NOT NULL,
    part text,
    count bigint,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.checkpoints (
    size bigint NOT NULL,
    note text NOT NULL,
    sealed_at bigint NOT NULL
);
CREATE TABLE public.deals (
    end_max bigint NOT NULL,
    start_min bigint NOT NULL,
    deal uuid NOT NULL,
    start_max bigint,
    end_min bigint,
    start text,
    "end" text,
    confirmed bigint,
    disputed boolean NOT NULL,
    claim text,
    entries text NOT NULL,
    sources text NOT NULL,
    type text,
    parties text NOT NULL,
    roles text NOT NULL,
    amount text,
    currency text,
    amount_qualifier text,
    object text,
    stage text,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.entities (
    entity bigint NOT NULL,
    type text,
    name text,
    other_names text NOT NULL,
    classification text,
    identifiers text NOT NULL,
    links text NOT NULL,
    folded text NOT NULL,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.entry_keys (
    projection text NOT NULL,
    key text NOT NULL,
    entry_id uuid NOT NULL
);
CREATE TABLE public.events (
    "position" bigint NOT NULL,
    batch bigint NOT NULL,
    entry_id uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    recorded_at bigint NOT NULL,
    recorded_by text NOT NULL,
    digest bytea NOT NULL
);
CREATE TABLE public.happenings (
    latest bigint NOT NULL,
    earliest bigint NOT NULL,
    entry uuid NOT NULL,
    version bigint,
    kind text,
    date text,
    certainty text,
    rank text,
    disputed boolean NOT NULL,
    notable boolean NOT NULL,
    sources text NOT NULL,
    words text,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.log_head (
    id integer NOT NULL,
    "position" bigint NOT NULL,
    recorded_at bigint NOT NULL,
    frontier bytea NOT NULL
);
CREATE TABLE public.memberships (
    organization bigint NOT NULL,
    end_max bigint NOT NULL,
    start_min bigint NOT NULL,
    start_max bigint,
    end_min bigint,
    start text,
    "end" text,
    confirmed bigint,
    disputed boolean NOT NULL,
    claim text,
    entries text NOT NULL,
    sources text NOT NULL,
    person bigint NOT NULL,
    role text,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.mentions (
    entity bigint NOT NULL,
    entry uuid NOT NULL,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.merges (
    duplicate bigint NOT NULL,
    "into" bigint NOT NULL,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.names (
    organization bigint NOT NULL,
    end_max bigint NOT NULL,
    start_min bigint NOT NULL,
    start_max bigint,
    end_min bigint,
    start text,
    "end" text,
    confirmed bigint,
    disputed boolean NOT NULL,
    claim text,
    entries text NOT NULL,
    sources text NOT NULL,
    name text,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.numbers (
    number bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.organizations (
    organization bigint NOT NULL,
    end_max bigint NOT NULL,
    start_min bigint NOT NULL,
    start_max bigint,
    end_min bigint,
    start text,
    "end" text,
    confirmed bigint,
    disputed boolean NOT NULL,
    claim text,
    entries text NOT NULL,
    sources text NOT NULL,
    founders text NOT NULL,
    place bigint NOT NULL,
    successors text NOT NULL,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.parents (
    parent bigint NOT NULL,
    end_max bigint NOT NULL,
    start_min bigint NOT NULL,
    start_max bigint,
    end_min bigint,
    start text,
    "end" text,
    confirmed bigint,
    disputed boolean NOT NULL,
    claim text,
    entries text NOT NULL,
    sources text NOT NULL,
    organization bigint NOT NULL,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.payloads (
    "position" bigint NOT NULL,
    salt bytea NOT NULL,
    state bytea NOT NULL
);
CREATE TABLE public.posts (
    organization bigint NOT NULL,
    end_max bigint NOT NULL,
    start_min bigint NOT NULL,
    start_max bigint,
    end_min bigint,
    start text,
    "end" text,
    confirmed bigint,
    disputed boolean NOT NULL,
    claim text,
    entries text NOT NULL,
    sources text NOT NULL,
    person bigint NOT NULL,
    post text,
    role text,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.products (
    product bigint NOT NULL,
    end_max bigint NOT NULL,
    start_min bigint NOT NULL,
    start_max bigint,
    end_min bigint,
    start text,
    "end" text,
    confirmed bigint,
    disputed boolean NOT NULL,
    claim text,
    entries text NOT NULL,
    sources text NOT NULL,
    organization bigint NOT NULL,
    status text,
    planned text,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.schema_version (
    part text NOT NULL,
    version integer NOT NULL
);
CREATE TABLE public.sources (
    source text NOT NULL,
    type text,
    title text,
    author text NOT NULL,
    publisher text,
    issued text,
    earliest bigint,
    latest bigint,
    language text,
    url text,
    content_hash text,
    note text,
    id bigint NOT NULL,
    known_from bigint NOT NULL,
    known_to bigint NOT NULL
);
CREATE TABLE public.tracking (
    application text NOT NULL,
    "position" bigint NOT NULL
);
CREATE TABLE public.tree_nodes (
    level integer NOT NULL,
    node bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO public.entities VALUES (1, 'organization', 'Meta', '[]', '', '[]', '[]', '["meta"]', 100663296, 6, 4611686018427387904);
INSERT INTO public.entities VALUES (2, 'organization', 'FAIR', '[]', '', '[]', '[]', '["fair"]', 100663297, 6, 4611686018427387904);
INSERT INTO public.entities VALUES (3, 'person', 'Guillaume Lample', '[]', '', '[]', '[]', '["lample","guillaume lample"]', 100663298, 6, 4611686018427387904);
INSERT INTO public.entities VALUES (4, 'person', 'Timothée Lacroix', '[]', '', '[]', '[]', '["lacroix","timothee lacroix"]', 100663299, 6, 4611686018427387904);
INSERT INTO public.entities VALUES (5, 'person', 'Naman Goyal', '[]', '', '[]', '[]', '["goyal","naman goyal"]', 100663300, 6, 4611686018427387904);
INSERT INTO public.entry_keys VALUES ('sources', 'press', '99662450-5d0a-5bb7-a5a7-7a43e376e120');
INSERT INTO public.entry_keys VALUES ('entities', 'meta', '1753c643-eaf1-5a71-9c24-603eefc432f5');
INSERT INTO public.entry_keys VALUES ('entities', 'fair', 'f6e021d4-df73-54a4-92a7-b9633a769098');
INSERT INTO public.entry_keys VALUES ('entities', 'lample', '3f369970-d0f7-52f3-aed6-e1b4f81d68b7');
INSERT INTO public.entry_keys VALUES ('entities', 'lacroix', '0dd0e404-f4c8-5792-8e38-a6e57a9a930d');
INSERT INTO public.entry_keys VALUES ('entities', 'goyal', 'b364325d-1494-580b-a20d-b0bb22ad2020');
INSERT INTO public.entry_keys VALUES ('memberships', 'lample', 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb');
INSERT INTO public.entry_keys VALUES ('posts', 'lample', 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb');
INSERT INTO public.entry_keys VALUES ('memberships', 'lacroix', '353e454c-0f7b-5649-83ec-309c1e08f728');
INSERT INTO public.entry_keys VALUES ('posts', 'lacroix', '353e454c-0f7b-5649-83ec-309c1e08f728');
INSERT INTO public.entry_keys VALUES ('memberships', 'goyal', 'd49a8571-cb10-522d-a5f7-2553c8edba64');
INSERT INTO public.entry_keys VALUES ('posts', 'goyal', 'd49a8571-cb10-522d-a5f7-2553c8edba64');
INSERT INTO public.events VALUES (1, 6, '99662450-5d0a-5bb7-a5a7-7a43e376e120', 1, 'source', 1764896400000000, 'ada', '\x9c7bad6f8103837de552a5278651b6a8cbfd4f4eed33c824869ec43c984eb798');
INSERT INTO public.events VALUES (2, 6, '1753c643-eaf1-5a71-9c24-603eefc432f5', 1, 'entity', 1764896400000000, 'ada', '\x8afd6df0754bca0288c65ae072e0a24e1f914cab70fe650f8b60ca81a54332fc');
INSERT INTO public.events VALUES (3, 6, 'f6e021d4-df73-54a4-92a7-b9633a769098', 1, 'entity', 1764896400000000, 'ada', '\xad95698e9b81e1e712e0b86a4c6360429aa53439f54f94bbb1506822aef527a2');
INSERT INTO public.events VALUES (4, 6, '3f369970-d0f7-52f3-aed6-e1b4f81d68b7', 1, 'entity', 1764896400000000, 'ada', '\xadbb8583c2f7a32c924816fa848f051a82957d1319da09ec0809dd396a5a1bac');
INSERT INTO public.events VALUES (5, 6, '0dd0e404-f4c8-5792-8e38-a6e57a9a930d', 1, 'entity', 1764896400000000, 'ada', '\x064c268b5f6aa504838d4ac4a2abca4a23c1772678784e69034b53f40c4ee1d7');
INSERT INTO public.events VALUES (6, 6, 'b364325d-1494-580b-a20d-b0bb22ad2020', 1, 'entity', 1764896400000000, 'ada', '\xca5bfd9fcf0cb5f2c6184d69af22dcabc5adeea99b038a801c75e48125b8ff29');
INSERT INTO public.events VALUES (7, 10, 'd67ffa93-8d43-59b1-af01-29109dc012ac', 1, 'arrival', 1764900000000000, 'ada', '\x301fb2b108c77a17c3d6c3c327303164b24629479cbc5d59b3d2b070cb05b76d');
INSERT INTO public.events VALUES (8, 10, 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb', 1, 'departure', 1764900000000000, 'ada', '\xb377acf9b5df56f7ced1305cfa5adb8f771463178a3b641003005853f90c7c7e');
INSERT INTO public.events VALUES (9, 10, '353e454c-0f7b-5649-83ec-309c1e08f728', 1, 'departure', 1764900000000000, 'ada', '\x5bb28ac19f491a4116d739d9c2aa5545c849530d195cfb434b7df5b0546c1202');
INSERT INTO public.events VALUES (10, 10, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 1, 'departure', 1764900000000000, 'ada', '\xc263181b5d0938557e85095ac989da8beb2614b3b0c50e0e49bfade19e1d2c9e');
INSERT INTO public.events VALUES (11, 11, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 2, 'correction', 1764903600000000, 'eve', '\xb11cdcab8d99905cbd3511d2f40fd10f9b110c16d2ade2156f05657cf00aa1ba');
INSERT INTO public.events VALUES (12, 12, '353e454c-0f7b-5649-83ec-309c1e08f728', 2, 'retraction', 1764907200000000, 'eve', '\x0f3292098da67b4d005f7b6fe1c38d0a619d869b66cea8db3e6623176ae266e0');
INSERT INTO public.events VALUES (13, 13, 'd67ffa93-8d43-59b1-af01-29109dc012ac', 2, 'erasure', 1764910800000000, 'eve', '\x6296ffdff8dfb1965b24596df8ac5634768dd961a94daaeb0eda711bc0109fe9');
INSERT INTO public.happenings VALUES (738640, 738611, 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb', 1, 'departure', '2023-04', 'stated', 'normal', false, false, '["press"]', 'departure 2023-04 press lample fair', 167772161, 10, 4611686018427387904);
INSERT INTO public.happenings VALUES (739310, 739283, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 1, 'departure', '2025-02', 'stated', 'normal', false, false, '["press"]', 'departure 2025-02 press kept <apart> & "quoted" e goyal fair', 167772163, 10, 11);
INSERT INTO public.happenings VALUES (739341, 739311, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 2, 'departure', '2025-03', 'stated', 'normal', false, false, '["press"]', 'departure 2025-03 press goyal fair', 184549376, 11, 4611686018427387904);
INSERT INTO public.happenings VALUES (738885, 738521, '353e454c-0f7b-5649-83ec-309c1e08f728', 1, 'departure', '2023', 'stated', 'normal', false, false, '["press"]', 'departure 2023 press lacroix fair', 167772162, 10, 12);
INSERT INTO public.log_head VALUES (1, 13, 1764910800000000, '\xf6891f4bbb7697beee69121885b17a5503ba4206b9e260495861cbf0ab61a5e0069a5543957b60db018874bbe224c418281ea20384c7905206f3e2ee032957f3c4b967d52fcdc0410966f590f39f411732dd658d063ad4626670de5303f83cb7');
INSERT INTO public.memberships VALUES (2, 739310, -4611686018427387904, 739310, 739283, '[..2025-02]', '2025-02', -4611686018427387904, false, 'stated', '["d49a8571-cb10-522d-a5f7-2553c8edba64"]', '["press"]', 5, '', 167772162, 10, 11);
INSERT INTO public.memberships VALUES (2, 739341, -4611686018427387904, 739341, 739311, '[..2025-03]', '2025-03', -4611686018427387904, false, 'stated', '["d49a8571-cb10-522d-a5f7-2553c8edba64"]', '["press"]', 5, '', 184549376, 11, 4611686018427387904);
INSERT INTO public.memberships VALUES (2, 738885, -4611686018427387904, 738885, 738521, '[..2023]', '2023', -4611686018427387904, false, 'stated', '["353e454c-0f7b-5649-83ec-309c1e08f728"]', '["press"]', 4, '', 167772161, 10, 12);
INSERT INTO public.memberships VALUES (2, 738640, -4611686018427387904, 738640, 738611, '[..2023-04]', '2023-04', -4611686018427387904, false, 'stated', '["d28b1d85-fd1b-5ee0-885e-e823bb6dedcb"]', '["press"]', 3, '', 184549377, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (3, 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb', 167772162, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (2, 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb', 167772163, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (5, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 167772166, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (2, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 167772167, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (4, '353e454c-0f7b-5649-83ec-309c1e08f728', 167772164, 10, 12);
INSERT INTO public.mentions VALUES (2, '353e454c-0f7b-5649-83ec-309c1e08f728', 167772165, 10, 12);
INSERT INTO public.numbers VALUES (1, 'meta');
INSERT INTO public.numbers VALUES (2, 'fair');
INSERT INTO public.numbers VALUES (3, 'lample');
INSERT INTO public.numbers VALUES (4, 'lacroix');
INSERT INTO public.numbers VALUES (5, 'goyal');
INSERT INTO public.payloads VALUES (1, '\xc988beef062dc3629b21399256ecd0f3', '\x7b226b696e64223a22736f75726365222c226964223a227072657373222c227469746c65223a225475726e6f7665722061742061206c61626f7261746f7279222c227075626c6973686572223a22546865205061706572222c22697373756564223a22323032352d30352d3236222c2255524c223a2268747470733a2f2f6578616d706c652e6f72672f7475726e6f766572227d');
INSERT INTO public.payloads VALUES (2, '\x8e5af9d12983df76366ed1c13f81e888', '\x7b226b696e64223a22656e74697479222c226964223a226d657461222c2274797065223a226f7267616e697a6174696f6e222c226e616d65223a224d657461227d');
INSERT INTO public.payloads VALUES (3, '\x72964a3c9e5117d56eb967a4dd5d0b31', '\x7b226b696e64223a22656e74697479222c226964223a2266616972222c2274797065223a226f7267616e697a6174696f6e222c226e616d65223a2246414952227d');
INSERT INTO public.payloads VALUES (4, '\x38738e5764b2f19b92b3a4c3017d976d', '\x7b226b696e64223a22656e74697479222c226964223a226c616d706c65222c2274797065223a22706572736f6e222c226e616d65223a224775696c6c61756d65204c616d706c65227d');
INSERT INTO public.payloads VALUES (5, '\xceebc872dddf6c3af16212f31e1708b6', '\x7b226b696e64223a22656e74697479222c226964223a226c6163726f6978222c2274797065223a22706572736f6e222c226e616d65223a2254696d6f7468c3a965204c6163726f6978227d');
INSERT INTO public.payloads VALUES (6, '\x64bd3446f3553ffa3bce5fc0d480f528', '\x7b226b696e64223a22656e74697479222c226964223a22676f79616c222c2274797065223a22706572736f6e222c226e616d65223a224e616d616e20476f79616c227d');
INSERT INTO public.payloads VALUES (8, '\x5533bd311726e4543e93d4ef937e9678', '\x7b226b696e64223a22646570617274757265222c2264617465223a22323032332d3034222c22736f7572636573223a5b7b22736f75726365223a227072657373227d5d2c22706572736f6e223a226c616d706c65222c226f7267616e697a6174696f6e223a2266616972227d');
INSERT INTO public.payloads VALUES (9, '\xf387bbd833a33c229ce43713de15b1ae', '\x7b226b696e64223a22646570617274757265222c2264617465223a2232303233222c22736f7572636573223a5b7b22736f75726365223a227072657373227d5d2c22706572736f6e223a226c6163726f6978222c226f7267616e697a6174696f6e223a2266616972227d');
INSERT INTO public.payloads VALUES (10, '\xa83ea92de0fc594f4d9203f7d54a1bf9', '\x7b226b696e64223a22646570617274757265222c2264617465223a22323032352d3032222c22736f7572636573223a5b7b22736f75726365223a227072657373227d5d2c226e6f7465223a226b657074203c61706172743e2026205c2271756f7465645c2220c3a95c6e222c22706572736f6e223a22676f79616c222c226f7267616e697a6174696f6e223a2266616972227d');
INSERT INTO public.payloads VALUES (11, '\x2e76354ae5db195398b23fd6db836a85', '\x7b226b696e64223a22636f7272656374696f6e222c226576656e74223a7b226b696e64223a22646570617274757265222c2264617465223a22323032352d3033222c22736f7572636573223a5b7b22736f75726365223a227072657373227d5d2c22706572736f6e223a22676f79616c222c226f7267616e697a6174696f6e223a2266616972227d2c22726561736f6e223a22746865206d6f6e7468207761732077726f6e67227d');
INSERT INTO public.payloads VALUES (12, '\x86de75eb4d1abb020659726ff7a6e23d', '\x7b226b696e64223a2272657472616374696f6e222c22726561736f6e223a226e6f20736f75726365207361797320736f227d');
INSERT INTO public.payloads VALUES (13, '\x303e52b1540f83d5a3911770070e258a', '\x7b226b696e64223a2265726173757265222c22726561736f6e223a2268652061736b656420666f72206974222c2267726f756e64223a2247445052204172742e203137227d');
INSERT INTO public.schema_version VALUES ('log', 1);
INSERT INTO public.schema_version VALUES ('merges', 1);
INSERT INTO public.schema_version VALUES ('entities', 1);
INSERT INTO public.schema_version VALUES ('sources', 1);
INSERT INTO public.schema_version VALUES ('happenings', 1);
INSERT INTO public.schema_version VALUES ('mentions', 1);
INSERT INTO public.schema_version VALUES ('memberships', 1);
INSERT INTO public.schema_version VALUES ('posts', 1);
INSERT INTO public.schema_version VALUES ('organizations', 1);
INSERT INTO public.schema_version VALUES ('parents', 1);
INSERT INTO public.schema_version VALUES ('names', 1);
INSERT INTO public.schema_version VALUES ('changes', 1);
INSERT INTO public.schema_version VALUES ('products', 1);
INSERT INTO public.schema_version VALUES ('deals', 1);
INSERT INTO public.sources VALUES ('press', 'webpage', 'Turnover at a laboratory', '[]', 'The Paper', '2025-05-26', 739397, 739397, '', 'https://example.org/turnover', '', '', 100663296, 6, 4611686018427387904);
INSERT INTO public.tracking VALUES ('scrubbing', 13);
ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (organization, latest, earliest, id);
ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (size);
ALTER TABLE ONLY public.deals
    ADD CONSTRAINT deals_pkey PRIMARY KEY (end_max, start_min, deal, id);
ALTER TABLE ONLY public.entities
    ADD CONSTRAINT entities_pkey PRIMARY KEY (entity, id);
ALTER TABLE ONLY public.entry_keys
    ADD CONSTRAINT entry_keys_pkey PRIMARY KEY (projection, key, entry_id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_entry_version UNIQUE (entry_id, version);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY ("position");
ALTER TABLE ONLY public.happenings
    ADD CONSTRAINT happenings_pkey PRIMARY KEY (latest, earliest, entry, id);
ALTER TABLE ONLY public.log_head
    ADD CONSTRAINT log_head_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (organization, end_max, start_min, id);
ALTER TABLE ONLY public.mentions
    ADD CONSTRAINT mentions_pkey PRIMARY KEY (entity, entry, id);
ALTER TABLE ONLY public.merges
    ADD CONSTRAINT merges_pkey PRIMARY KEY (duplicate, id);
ALTER TABLE ONLY public.names
    ADD CONSTRAINT names_pkey PRIMARY KEY (organization, end_max, start_min, id);
ALTER TABLE ONLY public.numbers
    ADD CONSTRAINT numbers_id_key UNIQUE (id);
ALTER TABLE ONLY public.numbers
    ADD CONSTRAINT numbers_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (organization, end_max, start_min, id);
ALTER TABLE ONLY public.parents
    ADD CONSTRAINT parents_pkey PRIMARY KEY (parent, end_max, start_min, id);
ALTER TABLE ONLY public.payloads
    ADD CONSTRAINT payloads_pkey PRIMARY KEY ("position");
ALTER TABLE ONLY public.posts
    ADD CONSTRAINT posts_pkey PRIMARY KEY (organization, end_max, start_min, id);
ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (product, end_max, start_min, id);
ALTER TABLE ONLY public.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (part);
ALTER TABLE ONLY public.sources
    ADD CONSTRAINT sources_pkey PRIMARY KEY (source, id);
ALTER TABLE ONLY public.tracking
    ADD CONSTRAINT tracking_pkey PRIMARY KEY (application);
ALTER TABLE ONLY public.tree_nodes
    ADD CONSTRAINT tree_nodes_pkey PRIMARY KEY (level, node);
CREATE INDEX deals_deal ON public.deals USING btree (deal, known_to);
CREATE INDEX entities_type ON public.entities USING btree (type, known_to);
CREATE INDEX happenings_entry ON public.happenings USING btree (entry, known_to);
CREATE INDEX memberships_person ON public.memberships USING btree (person, known_to);
CREATE INDEX mentions_entry ON public.mentions USING btree (entry, known_to);
CREATE INDEX parents_organization ON public.parents USING btree (organization, known_to);
CREATE INDEX posts_person ON public.posts USING btree (person, known_to);
CREATE TRIGGER events_no_change BEFORE DELETE OR UPDATE ON public.events FOR EACH ROW EXECUTE FUNCTION public.timeline_refuse();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION public.timeline_refuse();
CREATE TRIGGER payloads_no_delete BEFORE DELETE ON public.payloads FOR EACH ROW EXECUTE FUNCTION public.timeline_erased();
CREATE TRIGGER payloads_no_truncate BEFORE TRUNCATE ON public.payloads FOR EACH STATEMENT EXECUTE FUNCTION public.timeline_refuse();
CREATE TRIGGER payloads_no_update BEFORE UPDATE ON public.payloads FOR EACH ROW EXECUTE FUNCTION public.timeline_refuse();
ALTER TABLE ONLY public.payloads
    ADD CONSTRAINT payloads_position_fkey FOREIGN KEY ("position") REFERENCES public.events("position");
