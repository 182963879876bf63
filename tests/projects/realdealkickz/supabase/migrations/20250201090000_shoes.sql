create table shoes (id bigint primary key, name text not null);
