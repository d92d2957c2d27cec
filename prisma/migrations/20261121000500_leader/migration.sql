-- Who conducts, beside the advisory lock of that name: a lock says that someone does, this says for how long that may be believed.
create table conductor_leader (
  lock text primary key,
  -- grows with each leader: executors do not listen to lower ones
  term bigint not null,
  -- the session that holds the lock
  backend_pid integer not null,
  -- by the database's clock; one who has not renewed it by then may be ended
  until timestamptz not null
);
grant select, insert, update on conductor_leader to hg_conductor;
