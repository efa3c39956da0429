"""A small application with SQLAlchemy's object mapper, on both Python drivers."""
import datetime
import decimal
import os
import sys

from sqlalchemy import (JSON, Column, DateTime, ForeignKey, Integer, LargeBinary, Numeric, String, create_engine, func,
                        inspect, select)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, declarative_base, relationship

Base = declarative_base()


class Customer(Base):
    __tablename__ = "customers"
    id = Column(Integer, primary_key=True)
    name = Column(String(50), unique=True, nullable=False)
    data = Column(JSON)
    orders = relationship("Order", back_populates="customer", cascade="all, delete-orphan")


class Order(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    customer_id = Column(ForeignKey("customers.id"))
    price = Column(Numeric(12, 3))
    at = Column(DateTime)
    scan = Column(LargeBinary)
    customer = relationship("Customer", back_populates="orders")


def sync():
    print("#sync", flush=True)
    sys.stdin.readline()


def work(driver):
    print("==", driver)
    engine = create_engine(f"mariadb+{driver}://app:app@{os.environ['DRV_HOST']}:{os.environ['DRV_PORT']}/drv"
                           "?charset=utf8mb4", pool_size=3, pool_pre_ping=True)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for i in range(5):
            customer = Customer(name=f"customer ü {i}", data={"n": [i, None]})
            customer.orders = [Order(price=decimal.Decimal(i) / 8, at=datetime.datetime(2024, 1, 1 + i, 2, 3, 4),
                                     scan=bytes(range(i + 3))) for _ in range(i)]
            session.add(customer)
        session.commit()
        nested = session.begin_nested()
        try:
            session.add(Customer(name="customer ü 1"))
            session.flush()
        except IntegrityError as error:
            print(error.orig.args)
            nested.rollback()
        session.delete(session.get(Customer, 3))
        session.get(Customer, 4).name = "renamed"
        session.commit()
    sync()
    print(inspect(engine).get_foreign_keys("orders"), inspect(engine).get_table_names())
    print(inspect(engine).get_columns("customers"))
    with Session(engine) as session:
        for customer in session.scalars(select(Customer).order_by(Customer.id)):
            print(customer.id, customer.name, customer.data,
                  [(o.price, o.at, o.scan) for o in sorted(customer.orders, key=lambda o: o.id)])
        print(session.execute(select(func.count(), func.sum(Order.price)).select_from(Order)).one())
    Base.metadata.drop_all(engine)
    engine.dispose()


work("pymysql")
work("mysqldb")
print("== end")
