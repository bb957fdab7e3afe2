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
    recorded_at bigint NOT NULL
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
    id text NOT NULL
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
INSERT INTO public.entities VALUES (1, 'person', 'Timothée Lacroix', '[]', '', '[]', '[]', '["lacroix","timothee lacroix"]', 100663296, 6, 4611686018427387904);
INSERT INTO public.entities VALUES (2, 'organization', 'Meta', '[]', '', '[]', '[]', '["meta"]', 100663297, 6, 4611686018427387904);
INSERT INTO public.entities VALUES (3, 'person', 'Guillaume Lample', '[]', '', '[]', '[]', '["lample","guillaume lample"]', 100663298, 6, 4611686018427387904);
INSERT INTO public.entities VALUES (4, 'person', 'Naman Goyal', '[]', '', '[]', '[]', '["goyal","naman goyal"]', 100663299, 6, 4611686018427387904);
INSERT INTO public.entities VALUES (5, 'organization', 'FAIR', '[]', '', '[]', '[]', '["fair"]', 100663300, 6, 4611686018427387904);
INSERT INTO public.entry_keys VALUES ('entities', 'lacroix', '0dd0e404-f4c8-5792-8e38-a6e57a9a930d');
INSERT INTO public.entry_keys VALUES ('entities', 'meta', '1753c643-eaf1-5a71-9c24-603eefc432f5');
INSERT INTO public.entry_keys VALUES ('entities', 'lample', '3f369970-d0f7-52f3-aed6-e1b4f81d68b7');
INSERT INTO public.entry_keys VALUES ('sources', 'press', '99662450-5d0a-5bb7-a5a7-7a43e376e120');
INSERT INTO public.entry_keys VALUES ('entities', 'goyal', 'b364325d-1494-580b-a20d-b0bb22ad2020');
INSERT INTO public.entry_keys VALUES ('entities', 'fair', 'f6e021d4-df73-54a4-92a7-b9633a769098');
INSERT INTO public.entry_keys VALUES ('memberships', 'lacroix', '353e454c-0f7b-5649-83ec-309c1e08f728');
INSERT INTO public.entry_keys VALUES ('posts', 'lacroix', '353e454c-0f7b-5649-83ec-309c1e08f728');
INSERT INTO public.entry_keys VALUES ('memberships', 'lample', 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb');
INSERT INTO public.entry_keys VALUES ('posts', 'lample', 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb');
INSERT INTO public.entry_keys VALUES ('memberships', 'goyal', 'd49a8571-cb10-522d-a5f7-2553c8edba64');
INSERT INTO public.entry_keys VALUES ('posts', 'goyal', 'd49a8571-cb10-522d-a5f7-2553c8edba64');
INSERT INTO public.entry_keys VALUES ('memberships', 'lample', 'd67ffa93-8d43-59b1-af01-29109dc012ac');
INSERT INTO public.events VALUES (1, 6, '99662450-5d0a-5bb7-a5a7-7a43e376e120', 1, 'source', 1764896400000000, 'ada', '\x290cd04459c24ef35a8c820afed4320e703b9ac10501d2f28e53e325ed444603');
INSERT INTO public.events VALUES (2, 6, '1753c643-eaf1-5a71-9c24-603eefc432f5', 1, 'entity', 1764896400000000, 'ada', '\x19a23e0c51310d8ca77d31d188bb93ef3b8f374d142e82d369c45ae291276874');
INSERT INTO public.events VALUES (3, 6, 'f6e021d4-df73-54a4-92a7-b9633a769098', 1, 'entity', 1764896400000000, 'ada', '\x7db945b85472b176b3acadaf0c32e6517943b8ede1f5e92ca1e0139160a4e3f8');
INSERT INTO public.events VALUES (4, 6, '3f369970-d0f7-52f3-aed6-e1b4f81d68b7', 1, 'entity', 1764896400000000, 'ada', '\x1c6d0d5a3bfd2cae0be14a21803b24c7ff51a4c507490203b39e144316cd218d');
INSERT INTO public.events VALUES (5, 6, '0dd0e404-f4c8-5792-8e38-a6e57a9a930d', 1, 'entity', 1764896400000000, 'ada', '\x93e07758bf8a472bc179434a3e43155d4ded1a122ff40ed8b89267e78ea19241');
INSERT INTO public.events VALUES (6, 6, 'b364325d-1494-580b-a20d-b0bb22ad2020', 1, 'entity', 1764896400000000, 'ada', '\x2d1c54c5c38dee5d020392337db1bc85f6c07cdab1db04c5b81073c5039d6dce');
INSERT INTO public.events VALUES (7, 10, 'd67ffa93-8d43-59b1-af01-29109dc012ac', 1, 'arrival', 1764900000000000, 'ada', '\x37bccba04625222170c400c5ddd502a4da9401c499adc00b5280fa999b4dc3b5');
INSERT INTO public.events VALUES (8, 10, 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb', 1, 'departure', 1764900000000000, 'ada', '\x54205c4d44aed45a5c24da0ba1933044448e53d49214a3a47bc5fc047e6ced4d');
INSERT INTO public.events VALUES (9, 10, '353e454c-0f7b-5649-83ec-309c1e08f728', 1, 'departure', 1764900000000000, 'ada', '\xc099e06f5c33c340705341754337b005273ea0edc1081f5dce8ef5ebf929fcce');
INSERT INTO public.events VALUES (10, 10, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 1, 'departure', 1764900000000000, 'ada', '\xc66ed88bc4aab3a976a2adc26b1c9ac35d8ee55a45b94fa2348663c7ff8c1dbc');
INSERT INTO public.events VALUES (11, 11, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 2, 'correction', 1764903600000000, 'eve', '\x537926ea0c0e6f4c26545658ea3db3814b708795de03e98cb202a330ffe968b5');
INSERT INTO public.events VALUES (12, 12, '353e454c-0f7b-5649-83ec-309c1e08f728', 2, 'retraction', 1764907200000000, 'eve', '\x55a3a8b25fbb268962c904174ce82b61e50fa6c4fcb6dd27142a3689ac9a34a0');
INSERT INTO public.happenings VALUES (738640, 738611, 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb', 1, 'departure', '2023-04', 'stated', 'normal', false, false, '["press"]', 'departure 2023-04 press lample fair', 167772161, 10, 4611686018427387904);
INSERT INTO public.happenings VALUES (736329, 735964, 'd67ffa93-8d43-59b1-af01-29109dc012ac', 1, 'arrival', '2016', 'stated', 'normal', false, false, '["press"]', 'arrival 2016 press lample fair', 167772163, 10, 4611686018427387904);
INSERT INTO public.happenings VALUES (739310, 739283, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 1, 'departure', '2025-02', 'stated', 'normal', false, false, '["press"]', 'departure 2025-02 press kept <apart> & "quoted" e goyal fair', 167772162, 10, 11);
INSERT INTO public.happenings VALUES (739341, 739311, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 2, 'departure', '2025-03', 'stated', 'normal', false, false, '["press"]', 'departure 2025-03 press goyal fair', 184549376, 11, 4611686018427387904);
INSERT INTO public.happenings VALUES (738885, 738521, '353e454c-0f7b-5649-83ec-309c1e08f728', 1, 'departure', '2023', 'stated', 'normal', false, false, '["press"]', 'departure 2023 press lacroix fair', 167772160, 10, 12);
INSERT INTO public.log_head VALUES (1, 12, 1764907200000000);
INSERT INTO public.memberships VALUES (5, 738640, 735964, 736329, 738611, '2016', '2023-04', -4611686018427387904, false, 'stated', '["d67ffa93-8d43-59b1-af01-29109dc012ac","d28b1d85-fd1b-5ee0-885e-e823bb6dedcb"]', '["press"]', 3, '', 167772161, 10, 4611686018427387904);
INSERT INTO public.memberships VALUES (5, 739310, -4611686018427387904, 739310, 739283, '[..2025-02]', '2025-02', -4611686018427387904, false, 'stated', '["d49a8571-cb10-522d-a5f7-2553c8edba64"]', '["press"]', 4, '', 167772162, 10, 11);
INSERT INTO public.memberships VALUES (5, 739341, -4611686018427387904, 739341, 739311, '[..2025-03]', '2025-03', -4611686018427387904, false, 'stated', '["d49a8571-cb10-522d-a5f7-2553c8edba64"]', '["press"]', 4, '', 184549376, 11, 4611686018427387904);
INSERT INTO public.memberships VALUES (5, 738885, -4611686018427387904, 738885, 738521, '[..2023]', '2023', -4611686018427387904, false, 'stated', '["353e454c-0f7b-5649-83ec-309c1e08f728"]', '["press"]', 1, '', 167772160, 10, 12);
INSERT INTO public.mentions VALUES (3, 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb', 167772162, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (5, 'd28b1d85-fd1b-5ee0-885e-e823bb6dedcb', 167772163, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (4, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 167772164, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (5, 'd49a8571-cb10-522d-a5f7-2553c8edba64', 167772165, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (3, 'd67ffa93-8d43-59b1-af01-29109dc012ac', 167772166, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (5, 'd67ffa93-8d43-59b1-af01-29109dc012ac', 167772167, 10, 4611686018427387904);
INSERT INTO public.mentions VALUES (1, '353e454c-0f7b-5649-83ec-309c1e08f728', 167772160, 10, 12);
INSERT INTO public.mentions VALUES (5, '353e454c-0f7b-5649-83ec-309c1e08f728', 167772161, 10, 12);
INSERT INTO public.numbers VALUES (1, 'lacroix');
INSERT INTO public.numbers VALUES (2, 'meta');
INSERT INTO public.numbers VALUES (3, 'lample');
INSERT INTO public.numbers VALUES (4, 'goyal');
INSERT INTO public.numbers VALUES (5, 'fair');
INSERT INTO public.payloads VALUES (1, '\x16d98d1c4871e4cffee072f0df65e6f4', '\x7b226b696e64223a22736f75726365222c226964223a227072657373222c227469746c65223a225475726e6f7665722061742061206c61626f7261746f7279222c227075626c6973686572223a22546865205061706572222c22697373756564223a22323032352d30352d3236222c2255524c223a2268747470733a2f2f6578616d706c652e6f72672f7475726e6f766572227d');
INSERT INTO public.payloads VALUES (2, '\x80e8be6b1b59fca6229bea526d8f6861', '\x7b226b696e64223a22656e74697479222c226964223a226d657461222c2274797065223a226f7267616e697a6174696f6e222c226e616d65223a224d657461227d');
INSERT INTO public.payloads VALUES (3, '\x14ea6987b8e892958d40b80c2f787651', '\x7b226b696e64223a22656e74697479222c226964223a2266616972222c2274797065223a226f7267616e697a6174696f6e222c226e616d65223a2246414952227d');
INSERT INTO public.payloads VALUES (4, '\x4434b4dfda1bfce76a1ce3448d69108a', '\x7b226b696e64223a22656e74697479222c226964223a226c616d706c65222c2274797065223a22706572736f6e222c226e616d65223a224775696c6c61756d65204c616d706c65227d');
INSERT INTO public.payloads VALUES (5, '\x01c134bddf143305e7e5d4e42f459650', '\x7b226b696e64223a22656e74697479222c226964223a226c6163726f6978222c2274797065223a22706572736f6e222c226e616d65223a2254696d6f7468c3a965204c6163726f6978227d');
INSERT INTO public.payloads VALUES (6, '\x90ad9a46b44ad1d906c40c314e5fa622', '\x7b226b696e64223a22656e74697479222c226964223a22676f79616c222c2274797065223a22706572736f6e222c226e616d65223a224e616d616e20476f79616c227d');
INSERT INTO public.payloads VALUES (7, '\x04ad138ebfb0c098901413809045cf17', '\x7b226b696e64223a226172726976616c222c2264617465223a2232303136222c22736f7572636573223a5b7b22736f75726365223a227072657373227d5d2c22706572736f6e223a226c616d706c65222c226f7267616e697a6174696f6e223a2266616972227d');
INSERT INTO public.payloads VALUES (8, '\x7ec571a805aa2a0ce42a0d43ab845104', '\x7b226b696e64223a22646570617274757265222c2264617465223a22323032332d3034222c22736f7572636573223a5b7b22736f75726365223a227072657373227d5d2c22706572736f6e223a226c616d706c65222c226f7267616e697a6174696f6e223a2266616972227d');
INSERT INTO public.payloads VALUES (9, '\xcc1e04af6bd1b2f63301589e6c394dd0', '\x7b226b696e64223a22646570617274757265222c2264617465223a2232303233222c22736f7572636573223a5b7b22736f75726365223a227072657373227d5d2c22706572736f6e223a226c6163726f6978222c226f7267616e697a6174696f6e223a2266616972227d');
INSERT INTO public.payloads VALUES (10, '\x11c78dcf79d4c925a343d525c846e536', '\x7b226b696e64223a22646570617274757265222c2264617465223a22323032352d3032222c22736f7572636573223a5b7b22736f75726365223a227072657373227d5d2c226e6f7465223a226b657074203c61706172743e2026205c2271756f7465645c2220c3a95c6e222c22706572736f6e223a22676f79616c222c226f7267616e697a6174696f6e223a2266616972227d');
INSERT INTO public.payloads VALUES (11, '\x88a134c161c63210e6d710cd3111b37a', '\x7b226b696e64223a22636f7272656374696f6e222c226576656e74223a7b226b696e64223a22646570617274757265222c2264617465223a22323032352d3033222c22736f7572636573223a5b7b22736f75726365223a227072657373227d5d2c22706572736f6e223a22676f79616c222c226f7267616e697a6174696f6e223a2266616972227d2c22726561736f6e223a22746865206d6f6e7468207761732077726f6e67227d');
INSERT INTO public.payloads VALUES (12, '\x0280dd7087dcb0223d46aa18b21d9fa6', '\x7b226b696e64223a2272657472616374696f6e222c22726561736f6e223a226e6f20736f75726365207361797320736f227d');
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
