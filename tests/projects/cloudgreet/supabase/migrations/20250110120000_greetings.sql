create table greetings (id bigint primary key, words text not null);
